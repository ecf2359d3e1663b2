//! The OpenAPI document: made of the same registrations as the routes.

use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::{
        ContentBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    ApiState, assessments, audit, catalog, controls, evidence, gates, ledger, overrides,
    problem::{PROBLEM_JSON, ProblemBody},
    risks, systems, tokens, treatments,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Jingwei", description = "AI-safety governance: systems, risks, controls, evidence and proof."),
    components(schemas(ProblemBody)),
    security(("bearer" = [])),
    modifiers(&Bearer)
)]
struct Base;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// All endpoints below `/api/v1`, with their documentation.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    let mut routes = OpenApiRouter::with_openapi(Base::openapi())
        .merge(systems::routes())
        .merge(risks::routes())
        .merge(controls::routes())
        .merge(evidence::routes())
        .merge(assessments::routes())
        .merge(gates::routes())
        .merge(treatments::routes())
        .merge(overrides::routes())
        .merge(tokens::routes())
        .merge(ledger::routes())
        .merge(audit::routes())
        .merge(catalog::routes());
    every_refusal_is_a_problem(routes.get_openapi_mut());
    routes
}

/// The document that `GET /api/v1/openapi.json` answers with.
#[must_use]
pub fn document() -> Document {
    routes().into_openapi()
}

fn every_refusal_is_a_problem(document: &mut Document) {
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.insert("default".to_owned(), RefOr::T(problem()));
        }
    }
}

fn problem() -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemBody::name()))).build();
    ResponseBuilder::new().description("Any refusal, as RFC 9457 says it").content(PROBLEM_JSON, content).build()
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn the_document_is_locked() {
        insta::with_settings!({ sort_maps => true }, {
            insta::assert_json_snapshot!("openapi", super::document());
        });
    }

    #[test]
    fn the_document_is_served() {
        testing::run(async {
            let api = testing::shared().await;
            let (status, body) =
                api.ask(Ask::new(Method::GET, "/api/v1/openapi.json").token(&api.auditor)).await.json();
            assert_eq!(status, 200);
            assert_eq!(body, serde_json::to_value(super::document()).unwrap());
            assert_eq!(api.ask(Ask::new(Method::GET, "/api/v1/openapi.json")).await.status, 401);
        });
    }
}
