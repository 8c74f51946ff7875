"""Runs the migrations over the connection that it is given; alembic calls it."""

from alembic import context

from adjudicator.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transaction_per_migration=False,
    render_as_batch=True,
)
# The transaction is the caller's: all of an upgrade, or none of it.
context.run_migrations()
