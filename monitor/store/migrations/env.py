"""Alembic's entry: runs the migrations on the connection that ``migrate`` hands over."""

from alembic import context

from monitor.store.schema import metadata

connection = context.config.attributes["connection"]
# The transaction is the caller's: on SQLite too, tables appear all together or not at all.
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
