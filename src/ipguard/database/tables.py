"""Every room's tables, gathered so that migrations and tests see the whole schema."""

from sqlalchemy import MetaData

from ipguard import answered
from ipguard.alerts import tables as alerts
from ipguard.cases import tables as cases
from ipguard.database.base import METADATA
from ipguard.hunting import tables as hunting
from ipguard.listings import tables as listings
from ipguard.notify import tables as notify
from ipguard.people import tables as people
from ipguard.reports import tables as reports
from ipguard.rights import tables as rights
from ipguard.sellers import tables as sellers
from ipguard.sources import tables as sources

ROOMS = (people, rights, sources, listings, alerts, cases, hunting, reports, notify, answered, sellers)
"""Rooms that own tables."""


def whole_schema() -> MetaData:
    """Metadata that holds the tables of all rooms."""
    return METADATA
