//! The contract of the store: one suite, run on SQLite always, and on PostgreSQL where `JINGWEI_TEST_POSTGRES`
//! holds a URL (`.ci/postgres` starts a throwaway server and says which).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod audit;
mod lists;
mod opening;
mod records;
mod samples;
mod world;

world::contract! {
    audit::a_refused_value_leaves_the_transaction_whole,
    audit::a_rollback_leaves_neither,
    audit::a_step_that_the_caller_gave_up_cannot_be_saved,
    audit::after_a_failed_step_nothing_can_be_saved,
    audit::an_assessment_names_the_report_before_it,
    audit::each_change_leaves_one_audit_row,
    audit::evidence_stays_as_it_was_entered,
    audit::the_audit_says_what_changed,
    audit::what_exists_is_not_added_and_what_does_not_is_not_changed,
    lists::a_cursor_serves_its_own_list_only,
    lists::pages_of_every_list_make_the_whole,
    lists::risks_come_as_the_slow_model_tells,
    lists::rows_that_come_and_go_neither_repeat_nor_hide_others,
    lists::the_audit_is_found_by_actor_and_noun,
    opening::a_store_of_a_newer_program_is_refused,
    opening::eight_writers_take_turns,
    opening::two_processes_share_a_store,
    opening::what_was_saved_is_there_after_opening_again,
    records::a_nul_is_refused_wherever_text_goes,
    records::a_search_finds_its_text_and_nothing_else,
    records::a_token_ends_when_it_expires_or_is_revoked,
    records::a_value_that_another_program_spoiled_is_named,
    records::an_assessment_keeps_to_its_system,
    records::an_assessment_replaces_the_register_and_adds_to_history,
    records::any_text_reads_back,
    records::every_record_reads_back,
    records::extreme_values_read_back,
    records::large_documents_are_kept_and_larger_ones_refused,
}
