//! Nothing but the package that the cases are compiled against, and those of them that clippy has to like as well.

#[cfg(test)]
#[path = "../cases/pass/observed.rs"]
mod observed;
