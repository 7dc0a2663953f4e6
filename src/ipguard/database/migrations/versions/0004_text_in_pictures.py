"""What could be read in a picture.

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    with op.batch_alter_table("picture_look", schema=None) as batch_op:
        batch_op.add_column(sa.Column("text", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("picture_look", schema=None) as batch_op:
        batch_op.drop_column("text")
