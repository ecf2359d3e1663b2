//! `GET /api/v1/ledger/entries/{index}`

use axum::{Json, extract::State};
use jingwei_app::ledger_proofs::{self, EntryView};
use serde_json::Value;

use crate::{
    ApiState,
    body::{ToBody, body},
    extract::{By, Named},
    problem::Problem,
};

body! {
    /// An entry of the ledger and the document that it names.
    struct LedgerEntry from EntryView {
        index: u64,
        /// RFC 9162 leaf hash of `text`.
        leaf_hash: String,
        /// The entry, byte for byte.
        text: String,
        document: Option<Value>,
    }
}

/// An entry of the ledger.
#[utoipa::path(
    get, path = "/api/v1/ledger/entries/{index}", operation_id = "get_ledger_entry", tag = "ledger",
    params(("index" = u64, Path, description = "Counted from 0")),
    responses((status = 200, body = LedgerEntry))
)]
pub(crate) async fn entry(
    State(state): State<ApiState>,
    By(caller): By,
    Named(index): Named<u64>,
) -> Result<Json<LedgerEntry>, Problem> {
    Ok(Json(ledger_proofs::entry(&state.app, &caller, index).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn an_entry_names_its_document_by_digest() {
        testing::run(async {
            let api = testing::shared().await;
            let row = &api.get("/api/v1/systems/shop/evidence?limit=1").await["items"][0];
            let body = api.get(&format!("/api/v1/ledger/entries/{}", row["ledger_index"])).await;
            let entry: serde_json::Value = serde_json::from_str(body["text"].as_str().unwrap()).unwrap();
            assert_eq!(entry["payload"], row["digest"]);
            assert_eq!(body["document"]["check"], row["check"]);
            for index in ["999999", "18446744073709551615", "18446744073709551616", "-1", "x"] {
                let ask = Ask::new(Method::GET, &format!("/api/v1/ledger/entries/{index}")).token(&api.owner);
                assert_eq!(api.ask(ask).await.status, 404, "{index}");
            }
        });
    }
}
