//! Nothing: the specs are what this package is for.
