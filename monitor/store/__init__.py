"""The store: dated snapshots, versions, change events and the quarantine, in SQL.

``writer.open_store`` opens it for one ingest pass, ``reader.open_reader`` for looking things
up, ``migrate`` brings its schema up to date. Importing this package imports no SQL library.
"""
