use crate::{
    MetaKey, Store, StoreError, Tx,
    record::{Cell, record},
    statement::Select,
};

record! {
    /// A named value, such as the last known checkpoint of the ledger.
    pub(crate) struct Meta in "meta" as "meta", key ["key"], unsaid [] {
        pub key: MetaKey,
        pub value: String,
    }
}

fn by_key(key: &MetaKey) -> Select<Meta> {
    Select::by_key(vec![Cell::text(key.as_str())])
}

impl Store {
    pub async fn meta(&self, key: &MetaKey) -> Result<Option<String>, StoreError> {
        Ok(self.one(by_key(key)).await?.map(|meta| meta.value))
    }
}

impl Tx {
    pub async fn meta(&mut self, key: &MetaKey) -> Result<Option<String>, StoreError> {
        Ok(self.one(by_key(key)).await?.map(|meta| meta.value))
    }

    pub async fn put_meta(&mut self, key: &MetaKey, value: &str) -> Result<(), StoreError> {
        self.put("put_meta", &Meta { key: key.clone(), value: value.to_owned() }).await
    }
}
