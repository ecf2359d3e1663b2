use jingwei_core::{Digest, Timestamp};

use crate::{
    AccessRole, Listed, Page, Store, StoreError, TokenId, Tx,
    record::{Cell, Kind, record},
    statement::{Direction, Order, Select},
};

record! {
    /// Lets somebody in. The token itself is nowhere: only its SHA-256 digest is.
    pub struct Token in "tokens" as "token", key ["id"], unsaid ["hash"] {
        pub id: TokenId,
        pub name: String,
        pub role: AccessRole,
        pub hash: Digest,
        pub created_at: Timestamp,
        pub expires_at: Option<Timestamp>,
        pub revoked_at: Option<Timestamp>,
    }
}

impl Token {
    /// Neither revoked nor expired.
    #[must_use]
    pub fn is_usable_at(&self, at: Timestamp) -> bool {
        self.revoked_at.is_none_or(|revoked| at < revoked) && self.expires_at.is_none_or(|expires| at < expires)
    }
}

const NEWEST_FIRST: Order = Order {
    list: "tokens",
    columns: &[("created_at", Kind::Int), ("id", Kind::Text)],
    direction: Direction::Descending,
};

fn by_id(id: &TokenId) -> Select<Token> {
    Select::by_key(vec![Cell::text(id.as_str())])
}

impl Store {
    pub async fn token(&self, id: &TokenId) -> Result<Option<Token>, StoreError> {
        self.one(by_id(id)).await
    }

    /// The token with this digest, usable or not: ask `is_usable_at`.
    pub async fn token_by_hash(&self, hash: &Digest) -> Result<Option<Token>, StoreError> {
        self.one(Select::new().and("hash", " = ", Cell::text(hash.to_string()))).await
    }

    /// All tokens, the newest first.
    pub async fn tokens(&self, page: &Page) -> Result<Listed<Token>, StoreError> {
        self.list(Select::new(), &NEWEST_FIRST, page).await
    }
}

impl Tx {
    pub async fn add_token(&mut self, token: &Token) -> Result<(), StoreError> {
        self.add("add_token", token).await
    }

    /// Revokes a token at the transaction's time, if it has not been before.
    pub async fn revoke_token(&mut self, id: &TokenId) -> Result<(), StoreError> {
        let found = self.one(by_id(id)).await?;
        let found = found.ok_or_else(|| StoreError::Missing { noun: "token", id: id.to_string() })?;
        let at = self.at();
        let revoked_at = Some(found.revoked_at.map_or(at, |earlier| earlier.min(at)));
        self.replace("revoke_token", &Token { revoked_at, ..found }).await
    }
}
