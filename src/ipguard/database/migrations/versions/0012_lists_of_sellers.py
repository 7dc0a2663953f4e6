"""Lists of sellers: allow, deny, watch.

Revision 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "seller_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("seller_key", sa.String(), nullable=False),
        sa.Column("stance", sa.String(), nullable=False),
        sa.Column("work_id", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_seller_entry_source_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seller_entry")),
    )
    with op.batch_alter_table("seller_entry", schema=None) as batch_op:
        batch_op.create_index("ix_seller_entry_seller", ["source_id", "seller_key"], unique=False)


def downgrade() -> None:
    """Bring the tables back."""
    with op.batch_alter_table("seller_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_seller_entry_seller")
    op.drop_table("seller_entry")
