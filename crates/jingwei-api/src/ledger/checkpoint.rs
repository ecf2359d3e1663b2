//! `GET /api/v1/ledger/checkpoint`

use axum::{Json, extract::State};
use jingwei_app::ledger_proofs::{self, CheckpointView};

use crate::{
    ApiState,
    body::{ToBody, body},
    extract::By,
    problem::Problem,
};

body! {
    /// The ledger's size and root, signed.
    struct Checkpoint from CheckpointView {
        origin: String,
        size: u64,
        /// Root of the RFC 9162 tree.
        root: String,
        /// C2SP signed note: keep it to check later that nothing was taken back.
        note: String,
        /// C2SP verifier key. Trust it only if you know it from elsewhere.
        key: String,
    }
}

/// Signs for all entries so far.
#[utoipa::path(
    get, path = "/api/v1/ledger/checkpoint", operation_id = "get_checkpoint", tag = "ledger",
    responses((status = 200, body = Checkpoint))
)]
pub(crate) async fn checkpoint(State(state): State<ApiState>, By(caller): By) -> Result<Json<Checkpoint>, Problem> {
    Ok(Json(ledger_proofs::checkpoint(&state.app, &caller).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn a_checkpoint_names_size_and_root_in_its_note() {
        testing::run(async {
            let api = testing::shared().await;
            let body = api.get("/api/v1/ledger/checkpoint").await;
            let note = body["note"].as_str().unwrap();
            assert!(note.contains(&format!("\n{}\n", body["size"])), "{note}");
            assert!(note.starts_with(body["origin"].as_str().unwrap()));
            assert!(body["key"].as_str().unwrap().starts_with(body["origin"].as_str().unwrap()));
        });
    }
}
