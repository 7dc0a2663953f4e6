"""Kinds of listings, what is looked up about hits, and where a growing source was left.

Revision 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB(), "postgresql")

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "listing_lookup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("fk_listing_lookup_listing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_lookup")),
        sa.UniqueConstraint("listing_id", "kind", name=op.f("uq_listing_lookup_listing_id_kind")),
    )
    with op.batch_alter_table("listing_lookup", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_listing_lookup_listing_id"), ["listing_id"], unique=False)
    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="offer"))
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.add_column(sa.Column("position", JSON, nullable=True))
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("read", sa.Integer(), nullable=False, server_default="0"))
    op.execute(sa.text("UPDATE run SET read = listings"))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_column("read")
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.drop_column("position")
    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.drop_column("kind")
    with op.batch_alter_table("listing_lookup", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_listing_lookup_listing_id"))
    op.drop_table("listing_lookup")
