"""What users and programs depend on, as it is: frozen as text, one file for each kind.

``frozen/`` holds the commands with their options and exit codes, the shape of everything that is
printed with ``--json``, the configuration's keys with their defaults, what webhooks are sent, the
metrics, the store's tables at every revision. ``stores/`` holds a store of every revision with
all its rows, what it shows and what it has yet to send: each is upgraded, on both databases.

These change on purpose only. Who changes one on purpose runs

    ./run test tests/doors --snapshot-update

looks at ``git diff tests/doors``, and tells users with a line in ``CHANGELOG.md``. After a new
migration the same command keeps a store of the new revision. A kept store is never made anew: it is
what such stores hold. (While a migration is still being written, delete its file and run the
command again.)
"""
