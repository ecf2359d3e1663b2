//! How providers say that their own filter refused a request. That is an answer about content, not a failure.
//! Bad models, wrong keys and prompts that are too long stay errors.

use jingwei_core::{ChatReply, Finish};
use serde_json::Value;

use crate::reply::{clean, usage_of};

/// Error codes and types, compared without regard to case and separators.
const CODES: [&str; 17] = [
    "contentfilter",                // Azure OpenAI `code`, Moonshot `type`
    "contentfiltered",              // Amazon Bedrock
    "responsibleaipolicyviolation", // Azure OpenAI `innererror.code`
    "contentpolicyviolation",       // OpenAI
    "contentpolicyviolationerror",  // LiteLLM
    "moderationblocked",            // OpenAI
    "guardrailintervened",          // Amazon Bedrock
    "datainspectionfailed",         // Alibaba Cloud Model Studio
    "censorshipblocked",            // StepFun
    "1301",                         // Zhipu
    "1026",                         // MiniMax: the input is sensitive
    "1027",                         // MiniMax: the output is sensitive
    "10013",                        // iFlytek Spark: the input
    "10014",                        // iFlytek Spark: the output
    "10019",                        // iFlytek Spark: the conversation
    "contentblocked",               // gateways
    "guardrailviolation",           // gateways
];

/// Volcano Engine Ark appends the kind of content to its codes.
const CODE_BEGINNINGS: [&str; 5] = [
    "sensitivecontentdetected",
    "inputtextsensitivecontentdetected",
    "outputtextsensitivecontentdetected",
    "inputtextriskdetection",
    "outputtextriskdetection",
];

/// Some providers use a general code (`invalid_request_error`, 403) and tell the reason in words only.
const WORDS: [&str; 9] = [
    "content filtering policy",    // Anthropic
    "content management policy",   // Azure OpenAI
    "flagged as potentially viol", // OpenAI `invalid_prompt`
    "content exists risk",         // DeepSeek
    "violates usage guidelines",   // xAI
    "input was flagged",           // OpenRouter
    "contentpolicyviolation",      // LiteLLM
    "inappropriate content",       // Alibaba Cloud Model Studio
    "blocked by content filter",   // Mistral, gateways
];

/// Statuses whose body may be a refusal.
pub(crate) fn may_refuse(status: u16) -> bool {
    matches!(status, 400 | 403 | 422 | 451)
}

/// The refusal in an error document (any status), or `None` where it is an error about something else.
pub(crate) fn native_refusal(document: &Value) -> Option<ChatReply> {
    let error = document.get("error").filter(|e| !e.is_null()).unwrap_or(document);
    let inner = error.get("innererror").or_else(|| error.get("inner_error"));
    let codes = [
        error.get("code"),
        error.get("type"),
        error.get("status"),
        inner.and_then(|e| e.get("code")),
        document.get("code"),
        document.get("error_code"),
        document.pointer("/base_resp/status_code"),
    ];
    let refused = codes.into_iter().flatten().any(is_refusal_code) || {
        // Only what the provider says itself: an error may repeat the prompt elsewhere.
        let said = error.get("message").or_else(|| error.get("msg")).unwrap_or(error).as_str().map(str::to_lowercase);
        said.is_some_and(|said| WORDS.iter().any(|words| said.contains(words)))
    };
    refused.then(|| ChatReply {
        refusal: Some(error_text(error)),
        usage: usage_of(document),
        ..ChatReply::new("", Finish::ContentFilter)
    })
}

fn is_refusal_code(code: &Value) -> bool {
    let code = code.as_str().map_or_else(|| code.to_string(), ToOwned::to_owned);
    let bare: String = code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    CODES.contains(&bare.as_str()) || CODE_BEGINNINGS.iter().any(|beginning| bare.starts_with(beginning))
}

fn message_of(error: &Value) -> String {
    let message = error.get("message").or_else(|| error.get("msg")).unwrap_or(error);
    message.as_str().map_or_else(|| message.to_string(), ToOwned::to_owned)
}

/// What an error document says, fit for one line.
pub(crate) fn error_text(error: &Value) -> String {
    clean(&message_of(error), 300)
}

/// Reasons with which a provider ends an answer that its filter did not like, in any format.
pub(crate) fn is_filter_reason(reason: &str) -> bool {
    let bare: String = reason.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    matches!(
        bare.as_str(),
        "contentfilter"
            | "contentfiltered"
            | "sensitive"
            | "safety"
            | "guardrailintervened"
            | "prohibitedcontent"
            | "blocklist"
            | "spii"
            | "errortoxic"
            | "moderation"
            | "riskcontrol"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_refuses_has_answered() {
        for (body, refuses) in [
            (r#"{"error":{"code":"content_filter","message":"filtered"}}"#, true),
            (r#"{"error":{"code":null,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#, true),
            (r#"{"error":{"type":"content_policy_violation"}}"#, true),
            (r#"{"error":{"code":"data_inspection_failed"}}"#, true),
            (r#"{"code":"DataInspectionFailed","message":"m"}"#, true),
            (r#"{"error":{"code":"1301"}}"#, true),
            (r#"{"error":{"code":1301}}"#, true),
            (r#"{"error":{"code":"InputTextSensitiveContentDetected.PolicyViolation"}}"#, true),
            (
                r#"{"error":{"code":"invalid_prompt","message":"Your prompt was flagged as potentially violating rules"}}"#,
                true,
            ),
            (r#"{"error":{"code":"invalid_prompt","message":"The prompt has no messages"}}"#, false),
            (
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}}"#,
                true,
            ),
            (
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens"}}"#,
                false,
            ),
            (r#"{"error":{"code":"invalid_request_error","message":"Content Exists Risk"}}"#, true),
            (r#"{"error":{"code":403,"message":"Your input was flagged","metadata":{"reasons":["x"]}}}"#, true),
            (r#"{"base_resp":{"status_code":1026,"status_msg":"s"}}"#, true),
            (r#"{"error":{"code":"context_length_exceeded"}}"#, false),
            (r#"{"error":{"type":"authentication_error","message":"invalid x-api-key"}}"#, false),
            (r#"{"error":{"code":"model_not_found"}}"#, false),
            (r#"{"error":"content_filter"}"#, false),
            (r#"{"error":"Content Exists Risk"}"#, true),
            (r#"{"detail":[{"input":"is this inappropriate content?"}]}"#, false),
            ("[]", false),
            ("7", false),
        ] {
            let refusal = native_refusal(&serde_json::from_str(body).unwrap());
            assert_eq!(refusal.is_some_and(|r| r.finish == Finish::ContentFilter), refuses, "{body}");
        }
    }
}
