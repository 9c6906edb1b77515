//! Nothing here: the tests are programs under `cases/`.
