"""One source, from its turn to its alerts: canary, pages, pictures, judging, and how it went."""

from ipguard.sweep.kit import At, Kit, OpenFetcher, Progress, Skipped, SourceReport, Stopped
from ipguard.sweep.source import sweep_source

__all__ = ["At", "Kit", "OpenFetcher", "Progress", "Skipped", "SourceReport", "Stopped", "sweep_source"]
