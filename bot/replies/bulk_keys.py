"""The presses about batches; they are the same after a restart."""

START, DISCARD, REFRESH, ROWS = "bulk_start", "bulk_discard", "bulk_refresh", "bulk_rows"
PAUSE, RESUME, CANCEL = "bulk_pause", "bulk_resume", "bulk_cancel"
APPROVE, SHOW, UNDO, FILE = "bulk_approve", "bulk_show", "bulk_undo", "bulk_file"
LIST = "bulk_list"
IN_LOG = "log"  # of a press on a line of the log channel, which stays
