//! `GET /readyz`

use axum::extract::State;
use jingwei_app::audit;

use crate::{ApiState, problem::Problem};

/// Requests can be answered: the store reads.
pub(crate) async fn ready(State(state): State<ApiState>) -> Result<&'static str, Problem> {
    audit::ready(&state.app).await?;
    Ok("ready\n")
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn it_follows_the_store_and_names_no_cause() {
        testing::run(async {
            let api = testing::fresh().await;
            assert_eq!(api.ask(Ask::new(Method::GET, "/readyz")).await.status, 200);
            api.app.store().close().await;
            let answer = api.ask(Ask::new(Method::GET, "/readyz")).await;
            let (status, body) = answer.json();
            assert_eq!(status, 500);
            assert_eq!(body["detail"], "the store failed", "the cause is for the log");
        });
    }
}
