# syntax=docker/dockerfile:1
# Usher in a container, for amd64 and arm64: everything it keeps is in /data.
#   docker build -t usher .
#   docker run -d --name usher -p 127.0.0.1:8080:8080 -v usher:/data usher
ARG PYTHON=3.12

FROM python:${PYTHON}-slim AS build
WORKDIR /src
RUN python -m venv /opt/usher
COPY requirements.lock ./
# Every file by its hash; nothing is compiled, so no compiler is ever here.
RUN /opt/usher/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
COPY cogs ./cogs
RUN /opt/usher/bin/pip install --no-cache-dir --no-deps . \
 && /opt/usher/bin/pip uninstall -y pip

FROM python:${PYTHON}-slim
# Docker shows these beside the image.
LABEL org.opencontainers.image.title="Usher" \
      org.opencontainers.image.description="Looks after who may use your invite-only TradingView scripts, from Discord" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/opt/usher/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HTTP_HOST=0.0.0.0 \
    DATABASE_URL=sqlite+aiosqlite:////data/usher.db \
    PUID=1000 \
    PGID=1000
COPY --from=build /opt/usher /opt/usher
COPY --chmod=0755 .container/start .container/healthy /usr/local/bin/
# /data is the one volume. It is not declared here: Docker would make one without a name, which the next
# container does not find again, and some hosts take no image that declares any. `start` says when it is missing.
WORKDIR /data
EXPOSE 8080 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["healthy"]
ENTRYPOINT ["start"]
CMD ["run"]
