"""Finding artwork, whole or in part: perceptual hashes first, local features with geometry second."""
