//! What BioGPT is asked, and how its answer is read, grounded and scored.
