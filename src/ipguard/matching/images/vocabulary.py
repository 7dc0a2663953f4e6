"""The fixed vocabulary: an inverted file over descriptors that was trained once and is the same for every index.

Nothing about it depends on the references. So adding one describes that one alone, and an index that grew gives the
answers of one made anew.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import faiss
import numpy as np

FILE = "data/vocabulary.faiss"
"""4,096 cells (HNSW) over 64 axes, residuals in 32 codes of 4 bits: 16 bytes a descriptor (Jégou et al. 2011)."""
PROBES = 6
"""Cells looked into for each descriptor."""
BREADTH = 12
"""Candidates kept while cells are chosen."""


def empty_search() -> faiss.Index:
    """An index over descriptors that holds none yet."""
    return tuned(faiss.deserialize_index(np.frombuffer(packed(), np.uint8)))


def tuned(index: faiss.Index) -> faiss.Index:
    """With the effort of a search set, which is not part of what is written down."""
    inverted = faiss.extract_index_ivf(index)
    inverted.nprobe = PROBES
    quantiser = faiss.downcast_index(inverted.quantizer)
    if not isinstance(quantiser, faiss.IndexHNSWFlat):
        raise TypeError("the vocabulary's cells are found by HNSW")
    quantiser.hnsw.efSearch = BREADTH
    return index


@lru_cache(maxsize=1)
def packed() -> bytes:
    """The vocabulary as it is committed."""
    return files("ipguard.matching.images").joinpath(FILE).read_bytes()
