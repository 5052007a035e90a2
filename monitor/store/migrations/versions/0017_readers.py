"""People who subscribe by themselves: addresses, requests, pauses that end, keys of links."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.TIMESTAMP(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "signing_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signing_keys"),
    )
    op.create_table(
        "confirmed_addresses",
        sa.Column("subscriber", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subscriber", name="pk_confirmed_addresses"),
        sa.UniqueConstraint("address", name="uq_confirmed_addresses_address"),
        sa.ForeignKeyConstraint(
            ["subscriber"], ["subscribers.name"], name="fk_confirmed_addresses_subscriber"
        ),
    )
    op.create_table(
        "subscription_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("subscriber", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscription_requests"),
    )
    op.create_index("ix_subscription_requests_created_at", "subscription_requests", ["created_at"])
    op.create_table(
        "pauses",
        sa.Column("subscription_id", ID, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subscription_id", name="pk_pauses"),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name="fk_pauses_subscription_id"
        ),
    )


def downgrade() -> None:
    """Drop them: what people asked for on the page stays, without where to send it."""
    op.drop_table("pauses")
    op.drop_index("ix_subscription_requests_created_at", "subscription_requests")
    op.drop_table("subscription_requests")
    op.drop_table("confirmed_addresses")
    op.drop_table("signing_keys")
