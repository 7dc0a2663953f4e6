"""Official domains of a work; words that decide whether one of its names counts.

Revision 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB(), "postgresql")

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WORDS = ("required", "any_of", "none_of")


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "official_domain",
        sa.Column("work_id", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["work_id"], ["work.id"], name=op.f("fk_official_domain_work_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("work_id", "domain", name=op.f("pk_official_domain")),
    )
    with op.batch_alter_table("work_name", schema=None) as batch_op:
        for word in WORDS:
            batch_op.add_column(sa.Column(word, JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("work_name", schema=None) as batch_op:
        for word in reversed(WORDS):
            batch_op.drop_column(word)
    op.drop_table("official_domain")
