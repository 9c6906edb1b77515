//! What an error cannot be called.

use obs_runtime::{ErrorType, TypedError, observed};

#[derive(ErrorType)]
#[error_type(rename_al = "lowercase", name = "pay")]
enum PayError {
    #[error_type(nam = "late")]
    Late,
    #[error_type(transparent)]
    Bank { inner: BankError },
    #[error_type(name = 7)]
    Declined,
}

#[derive(ErrorType)]
#[error_type(transparent)]
struct Unit;

#[derive(ErrorType)]
union Both {
    a: u8,
}

#[derive(ErrorType)]
enum Inner {
    #[error_type(transparent)]
    Silent(Silent),
}

struct Silent;

#[derive(ErrorType)]
struct BankError;

#[observed]
fn pay() -> Result<(), PayError> {
    Ok(())
}

fn main() {
    let _ = pay().map_err(|error| error.error_type());
}
