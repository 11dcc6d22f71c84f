"""Which columns hold something encrypted."""

from bot.store.tables.api import api_key
from bot.store.tables.ledger import order, unanswered
from bot.store.tables.logins import environment_session, session, spare_session
from bot.store.tables.outgoing import outgoing_endpoint
from bot.store.tables.payments import connection, contract, delivery

# Every column that holds something encrypted; whatever reads or re-encrypts all goes by this.
ENCRYPTED = (
    session.c.cookies,
    spare_session.c.cookies,
    environment_session.c.cookies,
    order.c.answer_token,
    unanswered.c.token,
    connection.c.secrets,
    connection.c.api_key,
    contract.c.buyer,
    delivery.c.body,
    outgoing_endpoint.c.address,
    outgoing_endpoint.c.secret,
    api_key.c.hash_key,
)
