"""Tests that the tiers treat by name: see tiers.py."""

# Few tests that take long: each one's next is in the next part, from this on.
# By chance alone a part could have several of them.
DEALT = {
    "diagnosis/test_generated_homes.py": {
        "test_each_of_many_generated_homes_is_only_looked_at": 1,
    },
    "keychains/test_grid.py": {"test_every_command_with_every_state": 1},
    "keychains/test_gnome_keyring.py": {
        "test_a_daemon_that_stops_at_any_call_hangs_and_loses_nothing": 5,
        "test_a_keyring_that_is_locked_anywhere_in_an_add": 4,
    },
    "faults/concurrency/test_switches.py": {
        "test_a_thousand_switches_sixteen_at_once": 1,
    },
    "faults/test_concurrent_logins.py": {
        "test_a_thousand_switches_lose_no_login": 1,
    },
    "switching/test_login_interleavings.py": {
        "test_hundreds_of_interleavings_lose_no_token": 1,
    },
    "faults/concurrency/test_mixed_commands.py": {
        "test_many_commands_lose_no_secret": 4,
    },
    "faults/concurrency/test_orphan_locks.py": {
        "test_a_lock_with_a_heartbeat_is_never_taken_over": 5,
    },
    "faults/concurrency/test_other_writers.py": {
        "test_many_turns_of_a_polite_writer_are_all_kept": 6,
        "test_rude_writers_for_long": 7,
    },
    "faults/test_power_loss.py": {
        "test_a_switch_survives_a_power_cut_at_any_of_its_calls": 1,
    },
    "faults/full/test_limits.py": {
        "test_a_full_or_read_only_disk_leaves_the_old_state_or_the_new_one": 1,
        "test_a_limit_of_the_kernel_leaves_the_old_state_or_the_new_one": 2,
    },
    "faults/test_logins.py": {
        "test_a_second_kill_while_the_first_is_mended_loses_nothing": 5,
        "test_every_fault_leaves_the_old_login_or_the_new_one": 6,
        "test_other_layouts_of_the_files_are_as_safe": 7,
    },
    "fuzz/test_damaged_files.py": {
        "test_hundreds_of_damages_are_no_bugs_and_stop_nothing_for_good": 1,
    },
    "fuzz/test_command_lines.py": {
        "test_random_command_lines_end_well_however_many": 3,
    },
    "fuzz/test_names.py": {
        "test_names_are_those_of_the_rule_however_many": 4,
    },
    "cli/test_completion.py": {
        "test_a_script_cut_at_any_byte_defines_nothing": 9,
    },
    "shells/test_hook_file.py": {
        "test_a_file_cut_at_any_byte_defines_nothing": 1,
    },
    "shells/test_hook_scripts.py": {
        "test_text_cut_at_any_byte_defines_nothing": 5,
    },
    "shells/test_round_trip.py": {
        "test_nushell_gives_back_many_hostile_values": 5,
        "test_fish_gives_back_many_hostile_values": 6,
    },
}

# Tests of which one case is much like the next, or which take long: each
# commit tries every so many of their cases (0: none), the long tier the rest.
# "*" stands for the other tests of a file. A first case is tried always.
EVERY = {
    "cli/test_status_line_setting.py": {
        "*": 4,
    },
    "cli/test_team.py": {
        "test_a_hostile_file_leaves_no_trace": 8,
        "test_what_decides_nothing_is_small": 3,
        "test_what_decides_where_a_secret_goes_needs_a_typed_yes": 3,
    },
    "team/test_signed_tags.py": {
        "test_a_hostile_clone_decides_nothing": 3,
        "test_every_kind_of_clone_has_its_tags": 2,
    },
    "cli/test_verify_profiles.py": {
        "*": 3,
    },
    "cli/test_usage.py": {
        "*": 4,
    },
    "real/test_custom_headers.py": {
        "*": 3,
    },
    "real/test_intercepted.py": {
        "*": 8,
    },
    "real/test_replayed.py": {
        "*": 8,
    },
    "real/test_status_line.py": {
        "*": 8,
    },
    "real/test_trace.py": {
        "*": 4,
    },
    "trace/test_command.py": {
        "*": 3,
    },
    "trace/test_intercept.py": {
        "*": 4,
    },
    "trace/test_intercepted.py": {
        "*": 8,
    },
    "trace/test_recorded_runs.py": {
        "*": 4,
    },
    "trace/test_stand_ins.py": {
        "*": 4,
    },
    "trace/test_trace.py": {
        "*": 3,
    },
    "cli/test_advice.py": {
        "*": 48,
    },
    "cli/test_blank_and_odd_files.py": {
        "*": 4,
    },
    "cli/test_custom_headers.py": {
        "*": 3,
    },
    "cli/test_agents.py": {
        "*": 32,
    },
    "cli/test_bad_input.py": {
        "*": 6,
    },
    "cli/test_completion.py": {
        "*": 6,
        "test_a_script_cut_at_any_byte_defines_nothing": 0,
    },
    "cli/test_current.py": {
        "*": 6,
    },
    "cli/test_doctor.py": {
        "*": 4,
    },
    "cli/test_first_add.py": {
        "*": 6,
        "test_every_provider_is_added_from_nothing": 5,
        "test_every_question_can_be_left": 4,
    },
    "cli/test_here.py": {
        "*": 24,
    },
    "cli/test_hostile_links.py": {
        "*": 8,
    },
    "cli/test_hostile_settings.py": {
        "*": 3,
    },
    "cli/test_hostile_values.py": {
        "*": 16,
    },
    "cli/test_isolated.py": {
        "*": 3,
    },
    "cli/test_links.py": {
        "*": 4,
    },
    "cli/test_login.py": {
        "*": 3,
    },
    "cli/test_nobody_listens.py": {
        "*": 6,
    },
    "cli/test_odd_environments.py": {
        "*": 2,
    },
    "cli/test_one_change.py": {
        "*": 8,
        "test_a_command_on_logins_commits_once": 8,
        "test_a_dry_run_names_the_files_that_change": 24,
        "test_a_dry_run_on_logins_names_the_files_that_change": 8,
    },
    "cli/test_one_copy.py": {
        "*": 3,
    },
    "cli/test_other_folders.py": {
        "*": 4,
    },
    "cli/test_other_use.py": {
        "*": 8,
    },
    "cli/test_picker.py": {
        "*": 6,
    },
    "cli/test_interrupts.py": {
        "*": 3,
    },
    "cli/test_name_argument.py": {
        "*": 4,
    },
    "cli/test_progress.py": {
        "*": 3,
    },
    "cli/test_questions.py": {
        "*": 6,
        "test_a_question_is_left_on_a_new_line": 6,
    },
    "cli/test_repository_programs.py": {
        "*": 3,
    },
    "cli/test_revoke_logins.py": {
        "*": 4,
    },
    "cli/test_shell_keys.py": {
        "*": 3,
    },
    "cli/test_subshell.py": {
        "*": 6,
        "test_a_signal_to_keyswitch_leaves_no_stray_shell": 5,
    },
    "cli/test_uninstall_all.py": {
        "*": 3,
    },
    "cli/test_use_sessions.py": {
        "*": 4,
    },
    "cli/test_waiting.py": {
        "*": 4,
        "test_a_reader_does_not_wait_for_a_change_of_another_command": 7,
        "test_what_only_looks_like_a_lock_is_named": 0,
    },
    "cli/test_whoami.py": {
        "*": 6,
    },
    "diagnosis/test_generated_homes.py": {
        "test_a_generated_home_is_only_looked_at": 15,
        "test_a_start_file_with_an_endless_line_is_read_in_no_time": 3,
        "test_the_command_line_ends_a_generated_home_in_order": 6,
    },
    "diagnosis/test_resolver.py": {
        "test_every_further_observation_is_predicted": 4,
        "test_the_verdict_is_that_of_the_files_that_count_here": 6,
    },
    "faults/concurrency/test_many_shells.py": {
        "test_forty_shells_at_once_get_their_key": 2,
        "test_shells_beside_switches_get_one_profile_or_another": 0,
    },
    "faults/concurrency/test_mixed_commands.py": {
        "test_no_command_beside_others_loses_a_secret": 0,
    },
    "faults/concurrency/test_orphan_locks.py": {
        "test_a_lock_is_taken_over_when_it_is_stale_and_not_before": 0,
    },
    "faults/concurrency/test_other_writers.py": {
        "test_a_polite_writer_of_claude_json_loses_nothing": 0,
        "test_rude_writers_cost_tries_and_nothing_else": 0,
    },
    "faults/concurrency/test_switches.py": {
        "test_switches_at_once_are_each_all_or_nothing": 0,
        "test_switches_of_which_some_are_killed_lose_nothing": 0,
    },
    "faults/full/test_limits.py": {
        "test_nothing_goes_to_a_hostile_folder_for_temporary_files": 4,
    },
    "faults/test_commands.py": {
        "test_a_process_of_its_own_does_as_well_as_a_fork": 0,
        "test_a_sample_of_faults_leaves_the_old_state_or_the_new_one": 13,
    },
    "faults/test_concurrent_logins.py": {
        "test_a_crowd_of_switches_loses_no_login": 0,
    },
    "faults/test_logins.py": {
        "test_a_sample_of_faults_loses_no_login": 12,
    },
    "faults/test_power_loss.py": {
        "test_a_key_of_fingerprints_that_is_not_synced_is_caught": 0,
        "test_a_keyswitch_that_does_not_sync_is_caught": 0,
        "test_a_switch_survives_a_power_cut_at_some_of_its_calls": 0,
        "test_what_returned_0_is_on_the_disk": 8,
    },
    "faults/test_several_changes.py": {
        "*": 3,
    },
    "faults/test_teeth.py": {
        "*": 6,
        "test_a_keyswitch_that_keeps_no_live_login_is_caught": 0,
    },
    "files/test_attributes.py": {
        "*": 4,
    },
    "files/test_links.py": {
        "*": 4,
    },
    "files/test_modes.py": {
        "*": 4,
    },
    "files/test_mounts.py": {
        "*": 3,
    },
    "files/test_odd_kinds.py": {
        "*": 3,
    },
    "files/test_other_users.py": {
        "*": 3,
    },
    "files/test_sudo.py": {
        "*": 3,
    },
    "files/test_swaps.py": {
        "*": 3,
        "test_a_file_that_another_user_lets_come_and_go": 2,
    },
    "forks/test_like_a_process.py": {
        "*": 6,
        "test_a_command_does_the_same_in_a_fork_and_in_a_process": 3,
    },
    "fuzz/test_damaged_files.py": {
        "test_a_damaged_file_is_no_bug_and_stops_nothing_for_good": 3,
    },
    "fuzz/test_properties.py": {
        "test_only_typed_errors_leave_a_parser": 6,
        "test_the_editor_changes_no_byte_of_others": 2,
    },
    "fuzz/test_strictness.py": {
        "*": 4,
        "test_what_cannot_be_kept_is_refused_by_use": 24,
    },
    "keychains/test_gnome_keyring.py": {
        "test_a_daemon_that_stops_on_the_way_hangs_and_loses_nothing": 0,
        "test_a_keyring_that_is_locked_in_the_middle_of_an_add": 0,
        "test_twenty_shells_that_start_at_once_get_the_key_or_one_line": 0,
    },
    "keychains/test_grid.py": {
        "test_a_sample_of_states_with_a_command_each": 0,
    },
    "keychains/test_keepassxc.py": {
        "test_a_database_that_is_not_to_be_had_is_said_in_time": 0,
    },
    "keychains/test_killed.py": {
        "test_a_sample_of_kills": 0,
        "test_who_is_left_waiting_for_the_keychain_holds_nothing_for_long": 0,
    },
    "keychains/test_no_second_best.py": {
        "*": 3,
    },
    "leaks/test_arguments.py": {
        "*": 6,
    },
    "leaks/test_memory.py": {
        "*": 3,
    },
    "leaks/test_outcomes.py": {
        "*": 3,
        "test_a_command_that_does_its_work": 16,
        "test_a_command_that_is_struck_in_the_middle": 64,
    },
    "leaks/test_terminal_text.py": {
        "*": 2,
        "test_text_in_a_file_is_not_printed_raw": 16,
    },
    "leaks/test_while_running.py": {
        "*": 16,
        "test_the_report_of_a_bug_holds_no_secret": 4,
    },
    "real/test_broken_homes.py": {
        "*": 0,
        "test_doctor_names_the_cause_and_what_it_says_mends_it": 20,
    },
    "real/test_directories.py": {
        "*": 0,
        "test_a_clone_sends_the_key_of_its_remote": 1,
        "test_a_linked_directory_sends_its_key_and_no_other_does": 0,
    },
    "real/test_explain_log.py": {
        "*": 2,
    },
    "real/test_field_errors.py": {
        "test_what_the_program_prints_is_explained": 32,
    },
    "real/test_header_values.py": {
        "test_whoami_says_what_is_done_with_an_odd_value": 40,
        "test_whoami_knows_it_of_clouds_and_of_custom_headers": 9,
    },
    "real/test_hostile_repository.py": {
        "*": 0,
        "test_local_settings_do_not_get_it_in_a_linked_worktree": 1,
        "test_settings_of_a_repository_do_not_get_the_key": 1,
    },
    "real/test_logins.py": {
        "*": 0,
        "test_accounts_of_all_kinds_follow_one_another": 1,
    },
    "real/test_no_warning.py": {
        "test_it_starts_without_a_warning_and_sends_the_account": 6,
        "test_the_setting_keeps_the_keys_of_the_shell_and_the_warning": 0,
    },
    "real/test_other_accounts.py": {
        "*": 0,
        "test_run_removes_every_rival_of_the_shell": 8,
    },
    "real/test_removed_program.py": {
        "test_the_helper_is_found_in_a_folder_of_any_name": 3,
    },
    "real/test_switching.py": {
        "*": 0,
        "test_eval_of_env_makes_claude_code_send_the_account": 16,
        "test_run_makes_claude_code_send_the_account": 8,
        "test_the_account_follows_every_switch": 1,
        "test_use_makes_claude_code_send_the_account": 3,
    },
    "secrets/test_cache_lifetime.py": {
        "test_an_expired_value_is_asked_for_again": 0,
        "test_without_a_cache_of_values_each_read_asks_the_keychain": 4,
    },
    "secrets/test_keychain.py": {
        "test_a_value_of_any_size_comes_back_by_either_reader": 3,
    },
    "secrets/test_vault_limits.py": {
        "*": 3,
        "test_no_salt_repeats_in_a_hundred_thousand_seals": 0,
    },
    "secrets/test_vault_vectors.py": {
        "test_both_readers_say_what_the_index_says": 4,
    },
    "references/test_over_network.py": {
        "test_what_vault_does_not_give_is_said": 2,
    },
    "references/test_each_manager.py": {
        "*": 6,
    },
    "secrets/references/test_aws_http.py": {
        "test_each_code_has_its_error": 3,
    },
    "secrets/references/test_failures.py": {
        "*": 4,
    },
    "secrets/references/test_real_tools.py": {
        "*": 2,
    },
    "secrets/references/test_running.py": {
        "*": 2,
    },
    "secrets/references/test_tools.py": {
        "*": 4,
    },
    "secrets/references/test_writing.py": {
        "*": 4,
    },
    "secrets/references/test_both_ways.py": {
        "test_aws_gives_its_tool_what_it_gives_botocore": 3,
        "test_openbao_gives_its_tool_what_it_gives_over_http": 2,
    },
    "secrets/references/test_vault_http.py": {
        "test_an_odd_answer_is_never_a_missing_item": 4,
        "test_settings_that_are_wrong_are_refused": 4,
    },
    "shells/test_cut_short.py": {
        "test_a_prefix_sets_nothing_in_a_posix_shell": 16,
    },
    "shells/test_hook_file.py": {
        "*": 2,
    },
    "shells/test_hook_neighbours.py": {
        "*": 6,
        "test_options_that_people_set_change_nothing": 16,
    },
    "shells/test_hook_panes.py": {
        "*": 3,
    },
    "shells/test_hook_refused.py": {
        "*": 3,
    },
    "shells/test_hook_scripts.py": {
        "*": 3,
    },
    "shells/test_hook_sessions.py": {
        "*": 6,
    },
    "shells/test_hook_strace.py": {
        "*": 2,
    },
    "shells/test_hook_symlinks.py": {
        "*": 3,
    },
    "shells/test_no_delivery.py": {
        "*": 3,
    },
    "shells/test_options.py": {
        "*": 8,
    },
    "shells/test_prompt_pieces.py": {
        "*": 3,
    },
    "shells/test_readonly.py": {
        "test_nothing_changes_and_one_line_says_why": 12,
    },
    "shells/test_restore.py": {
        "*": 9,
    },
    "shells/test_round_trip.py": {
        "test_posix_shells_do_so_in_a_byte_locale": 9,
        "test_posix_shells_give_back_hostile_values": 9,
    },
    "shells/test_text.py": {
        "*": 2,
    },
    "shells/test_whose_value.py": {
        "*": 3,
    },
    "switching/test_login_keychain.py": {
        "*": 0,
        "test_a_refused_write_is_said_and_made_up_for": 0,
        "test_logout_takes_the_login_out_of_the_item": 1,
        "test_no_token_is_in_a_file_or_an_argument": 0,
        "test_off_gives_back_what_was_there": 1,
        "test_there_and_back_keeps_both_lineages": 0,
        "test_undo_puts_the_former_login_back": 0,
    },
    "targets/test_keychain.py": {
        "test_what_is_written_is_read": 3,
    },
    "test_guard.py": {
        "test_a_required_part_that_is_missing_fails": 0,
    },
    "transfer/test_bundle.py": {
        "test_every_flipped_bit_is_noticed": 0,
    },
}
