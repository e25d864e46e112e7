//! What every store must do, asked of each store that there is. A further store is one more line in `conformance!`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod databases;
mod fixture;
mod forgetting;
mod log;
mod model;
mod peers;
mod search;
mod sqlite;

/// Asks each claim of each store.
macro_rules! conformance {
    ([$($store:ident)*] $claims:tt) => { $( conformance!(@store $store $claims); )* };
    (@store $store:ident { $($module:ident: $($claim:ident)*;)* }) => {
        mod $store {
            $($(
                #[tokio::test]
                async fn $claim() {
                    crate::$module::$claim(crate::fixture::$store().await).await;
                }
            )*)*
        }
    };
}

conformance! {
    [memory_store sqlite_store] {
        databases:
            a_database_is_made_once_and_keeps_its_names
            a_reader_does_not_make_a_database
            databases_do_not_touch_each_other
            a_log_gets_a_new_life_only_if_somebody_was_further
            a_closed_store_takes_nothing_more;
        log:
            a_delta_is_read_back_in_its_order
            a_record_has_one_place_in_the_log
            what_came_from_a_log_is_not_sent_back_to_it
            concurrent_writes_are_sent_to_both_writers
            a_delta_without_news_moves_nothing
            a_clock_that_changes_alone_moves_the_log
            a_page_stops_at_its_budget_and_goes_on_there
            a_page_leaves_out_what_a_clock_covers
            the_digest_is_that_of_the_clock
            a_record_over_the_limit_is_refused_with_its_whole_delta
            a_record_that_no_clock_accounts_for_is_refused_with_its_whole_delta
            a_commit_is_announced_to_those_who_listen
            a_reader_that_follows_the_log_misses_nothing;
        peers:
            a_delta_moves_the_cursor_of_its_sender
            a_cursor_goes_back_only_with_a_new_epoch
            an_unknown_peer_is_told_the_clock
            staged_chunks_become_visible_with_the_last_one
            a_first_delta_can_be_resumed
            a_chunk_of_another_delta_takes_the_place_of_all
            chunks_are_kept_without_gaps_whoever_brings_them
            a_delta_whose_chunks_are_gone_is_refused
            no_more_is_staged_than_the_limit
            what_was_seen_of_a_replica_is_told_wherever_it_was_heard_of
            a_delta_of_a_replica_that_another_copy_writes_as_is_not_taken_in
            what_another_connection_of_a_peer_has_brought_is_told_to_it_and_asked_about
            chunks_that_no_clock_accounts_for_are_dropped;
        forgetting:
            an_old_deletion_is_forgotten_and_the_floor_tells
            a_deletion_is_kept_until_the_later_of_its_times
            a_conflict_with_a_deletion_is_not_forgotten
            many_deletions_are_forgotten_in_one_go
            a_forgotten_deletion_is_not_undone_by_a_late_peer
            of_a_late_record_only_what_is_new_is_taken_up
            a_record_made_anew_is_not_joined_by_its_former_self;
        search:
            a_survey_has_what_is_not_deleted
            a_page_after_a_search_has_what_differs_wherever_it_came_from
            a_page_after_a_search_goes_on_as_always_behind_it
            who_has_heard_of_all_that_is_forgotten_need_not_search
            what_is_absent_is_told_in_as_many_pages_as_it_takes
            deletions_that_a_peer_has_not_heard_of_are_told_after_a_search
            a_delta_is_refused_if_what_it_tells_of_was_heard_since_it_was_asked_for
            of_a_record_that_comes_twice_the_last_state_counts
            what_a_peer_has_forgotten_is_forgotten_here_if_it_is_news
            what_a_peer_has_not_got_and_its_clock_covers_is_dropped;
    }
}
