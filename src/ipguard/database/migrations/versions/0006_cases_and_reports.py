"""Cases with counsel, deadline, value and a timeline; reports that were made.

Revision 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB(), "postgresql")

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXTS = ("counsel_firm", "counsel_person", "counsel_contact", "value_currency", "notes")
COLUMNS = ("changed_at", "due_on", "value_amount", *TEXTS)


def upgrade() -> None:
    """Bring the tables forward; a case that is there already gets the events that its rows tell of."""
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.add_column(sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("due_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("value_amount", sa.String(), nullable=True))
        for name in TEXTS:
            batch_op.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.execute(sa.text("UPDATE case_file SET changed_at = created_at"))
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.alter_column("changed_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.create_index(batch_op.f("ix_case_file_changed_at"), ["changed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_file_due_on"), ["due_on"], unique=False)
    op.create_table(
        "case_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("about", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_file.id"], name=op.f("fk_case_event_case_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_event")),
    )
    with op.batch_alter_table("case_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_event_case_id"), ["case_id"], unique=False)
    for statement in (
        "SELECT id, created_at, 'opened', created_by, '', '{}' FROM case_file ORDER BY id",
        "SELECT case_id, added_at, 'alert_added', added_by, '', '{}' FROM case_alert ORDER BY added_at",
        "SELECT case_id, exported_at, 'exported', exported_by, '', '{}' FROM case_export ORDER BY id",
    ):
        told = statement.replace("'{}'", "CAST('{}' AS JSONB)") if _on_postgresql() else statement
        op.execute(sa.text(f"INSERT INTO case_event (case_id, at, kind, who, why, about) {told}"))
    op.create_table(
        "report",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_file.id"], name=op.f("fk_report_case_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_report")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_case_id"), ["case_id"], unique=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_table("report")
    op.drop_table("case_event")
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_file_changed_at"))
        batch_op.drop_index(batch_op.f("ix_case_file_due_on"))
        for name in COLUMNS:
            batch_op.drop_column(name)


def _on_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"
