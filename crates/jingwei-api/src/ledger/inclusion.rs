//! `GET /api/v1/ledger/proofs/inclusion`

use axum::{Json, extract::State};
use jingwei_app::ledger_proofs::{self, InclusionView};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ApiState,
    body::{ToBody, body},
    extract::{By, Params},
    problem::Problem,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Request {
    /// Of the entry, counted from 0.
    index: u64,
    /// Size of the ledger that the proof is for; its size now if not given.
    size: Option<u64>,
}

body! {
    /// RFC 9162 section 2.1.3.
    struct InclusionProof from InclusionView {
        index: u64,
        size: u64,
        /// From the entry's sibling upwards.
        path: Vec<String>,
        /// The signed checkpoint, where it is for this size.
        checkpoint: Option<String>,
    }
}

/// Proves that an entry is in the ledger.
#[utoipa::path(
    get, path = "/api/v1/ledger/proofs/inclusion", operation_id = "prove_inclusion", tag = "ledger", params(Request),
    responses((status = 200, body = InclusionProof))
)]
pub(crate) async fn inclusion(
    State(state): State<ApiState>,
    By(caller): By,
    Params(request): Params<Request>,
) -> Result<Json<InclusionProof>, Problem> {
    Ok(Json(ledger_proofs::inclusion(&state.app, &caller, request.index, request.size).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use jingwei_core::{Digest, Hasher};

    use crate::testing::{self, Ask};

    fn node(left: Digest, right: Digest) -> Digest {
        let mut hasher = Hasher::default();
        hasher.update(&[1]);
        hasher.update(&left.0);
        hasher.update(&right.0);
        hasher.finish()
    }

    /// RFC 9162 section 2.1.3.2, written down here so that the check owes nothing to the ledger's code.
    fn root(leaf: Digest, index: u64, size: u64, path: &[Digest]) -> Digest {
        let (mut at, mut last, mut root) = (index, size - 1, leaf);
        for step in path {
            if at % 2 == 1 || at == last {
                root = node(*step, root);
                while at % 2 == 0 && at != 0 {
                    (at, last) = (at / 2, last / 2);
                }
            } else {
                root = node(root, *step);
            }
            (at, last) = (at / 2, last / 2);
        }
        root
    }

    #[test]
    fn every_entry_proves_that_it_is_under_the_signed_root() {
        testing::run(async {
            let api = testing::shared().await;
            let checkpoint = api.get("/api/v1/ledger/checkpoint").await;
            let size = checkpoint["size"].as_u64().unwrap();
            for index in 0..size {
                let entry = api.get(&format!("/api/v1/ledger/entries/{index}")).await;
                let path = format!("/api/v1/ledger/proofs/inclusion?index={index}&size={size}");
                let proof = api.get(&path).await;
                let mut leaf = Hasher::default();
                leaf.update(&[0]);
                leaf.update(entry["text"].as_str().unwrap().as_bytes());
                let steps: Vec<Digest> = serde_json::from_value(proof["path"].clone()).unwrap();
                assert_eq!(root(leaf.finish(), index, size, &steps).to_string(), checkpoint["root"], "{index}");
            }
        });
    }

    #[test]
    fn a_proof_of_nothing_is_refused() {
        testing::run(async {
            let api = testing::shared().await;
            for (query, status) in [
                ("", 400),
                ("index=x", 400),
                ("index=5&size=5", 400),
                ("index=0&size=99999", 404),
                ("index=99999", 400),
            ] {
                let path = format!("/api/v1/ledger/proofs/inclusion?{query}");
                assert_eq!(api.ask(Ask::new(Method::GET, &path).token(&api.owner)).await.status, status, "{query}");
            }
        });
    }
}
