"""What people read in a bundle: report, index, drafts for signing, instructions; in English, Chinese and Japanese."""
