//! Lists compute devices with their limits, picks one and says why.
