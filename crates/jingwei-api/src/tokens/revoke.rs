//! `DELETE /api/v1/tokens/{id}`

use axum::{Json, extract::State};
use jingwei_app::tokens;

use super::list::Token;
use crate::{
    ApiState,
    body::ToBody,
    extract::{By, Named},
    problem::Problem,
};

/// Lets somebody in no more, from now on. For the owner.
#[utoipa::path(
    delete, path = "/api/v1/tokens/{id}", operation_id = "revoke_token", tag = "tokens",
    params(("id" = String, Path, description = "Token id")),
    responses((status = 200, body = Token))
)]
pub(crate) async fn revoke(
    State(state): State<ApiState>,
    By(caller): By,
    Named(id): Named<String>,
) -> Result<Json<Token>, Problem> {
    Ok(Json(tokens::revoke(&state.app, &caller, &id).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn only_a_token_that_there_is_can_be_revoked() {
        testing::run(async {
            let api = testing::shared().await;
            for id in ["tok-x", "%20"] {
                let ask = Ask::new(Method::DELETE, &format!("/api/v1/tokens/{id}")).token(&api.owner);
                assert_eq!(api.ask(ask).await.status, 404, "{id}");
            }
        });
    }
}
