//! `GET /healthz`

/// The program runs.
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn it_answers_without_a_token() {
        testing::run(async {
            let api = testing::shared().await;
            assert_eq!(api.ask(Ask::new(Method::GET, "/healthz")).await.text(), "ok\n");
        });
    }
}
