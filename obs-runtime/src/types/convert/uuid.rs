//! `uuid`

use crate::types::Uuid;

impl From<uuid::Uuid> for Uuid {
    fn from(id: uuid::Uuid) -> Uuid {
        Uuid(id.into_bytes())
    }
}

impl From<Uuid> for uuid::Uuid {
    fn from(id: Uuid) -> uuid::Uuid {
        uuid::Uuid::from_bytes(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_text() {
        let ours = Uuid(*b"0123456789abcdef");
        let theirs = uuid::Uuid::from(ours);
        assert_eq!(theirs.hyphenated().to_string(), ours.to_string());
        assert_eq!(Uuid::from(theirs), ours);
    }
}
