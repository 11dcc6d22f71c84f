"""What can be typed behind `usher`; each command imports its work when it runs, so that help is quick."""
