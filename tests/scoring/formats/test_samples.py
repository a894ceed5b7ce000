"""Every real file either comes in or is refused with a reason that helps."""

from pathlib import Path

import pytest

from benchmarks import samples as bench
from scoring.errors import ScoringError
from scoring.formats import open_file
from scoring.schema import Episode

CLAUDE = "claude_code"
HARBOR = "atif/harbor_job/caffe-cifar-10__incQ5z3"
# folder/file: (format, episodes, steps)
READ = {
    "openai_chat/adamast_traces.jsonl": ("openai_chat", 2, 2),
    "openai_chat/medagentbench_expert_trajectories.first4.jsonl": ("openai_chat", 4, 8),
    "openai_chat/openai_chat_from_langchain.json": ("openai_messages", 1, 2),
    "openai_chat/tau_airline_record0_messages.json": ("openai_messages", 1, 15),
    "hf_messages/fireact_hotpotqa_gpt_format.first60.jsonl": ("openai_chat", 60, 167),
    "hf_messages/mini_coder_sample_raw.json": ("openai_chat", 1, 8),
    "hf_messages/reason_tool_use_demo_50.jsonl": ("openai_chat", 50, 112),
    "hf_messages/toucan_1_5m_sample_raw.json": ("openai_chat", 1, 3),
    "react/WebShop.ipynb": ("notebook", 500, 3437),
    "react/fireact_hotpotqa_gpt-3.5-ft.first100.json": ("fireact", 100, 100),
    "react/hotpotqa_50_sample_react_reflect_correct.txt": ("react", 17, 57),
    "react/hotpotqa_appendix_cot_context.txt": ("react", 16, 16),
    "react/hotpotqa_base_100_questions_5_trials.head.txt": ("react", 108, 395),
    "anthropic_messages/claude_code_action_sample-turns.json": ("claude_code", 1, 4),
    f"{CLAUDE}/agent_history_forks__claude_forked_session.jsonl": ("claude_code", 1, 5),
    f"{CLAUDE}/agent_sessions/claude/small.jsonl": ("claude_code", 2, 5),
    f"{CLAUDE}/agentsview_valid_session.jsonl": ("claude_code", 1, 2),
    f"{CLAUDE}/letta_fixture_claude-code_subagent_input.jsonl": ("claude_code", 1, 1),
    f"{CLAUDE}/scout_tool_call_conversation.jsonl": ("claude_code", 1, 2),
    f"{CLAUDE}/simonw_sample_session.json": ("claude_export", 1, 15),
    f"{CLAUDE}/stream_json/caffe-cifar-10__incQ5z3.claude-code.txt": (
        "claude_code",
        1,
        22,
    ),
    f"{HARBOR}/agent/trajectory.json": ("atif", 1, 42),
    "atif/letta_fixture_cleanup_input.json": ("atif", 2, 3),
    "atif/hermes_nemo_relay_atif_v1.7_real_redacted.json": ("atif", 1, 1),
    "atif/phoenix_client_harbor_terminus2_sub_summary.json": ("atif", 1, 1),
    "atif/phoenix_client_multimodal_trajectory.json": ("atif", 1, 2),
    "mini_swe_agent/github_issue.traj.json": ("openai_messages", 1, 10),
    "mini_swe_agent/mini_swe_agent_v1_scripted.traj.json": ("mini_swe_agent", 1, 3),
    "mini_swe_agent/mini_swe_agent_v2_scripted.traj.json": ("mini_swe_agent", 1, 3),
    "openhands/openhands_v1_events.json": ("openhands_v1", 1, 4),
    "openhands/letta_fixture_openhands_cleanup_input.json": ("openhands_page", 1, 2),
    "openhands/v0_multi_swe_bench_output.jsonl": ("openhands_output", 3, 105),
    "openhands/v0_resolver_output.jsonl": ("openhands_output", 2, 26),
    "openhands/v0_trajs/basic_gui_mode.json": ("openhands_v0", 1, 5),
    "swe_agent/demonstrations/ctf/web/i_got_id_demo.traj": ("swe_agent", 1, 21),
    "swe_agent/demonstrations/function_calling_simple.traj": ("swe_agent", 1, 5),
    "swe_agent/hf_nebius_swe_agent_sample_raw.json": ("swe_agent_rows", 5, 49),
    "agentinstruct/agenttuning_alfworld_sample_raw.json": ("agent_instruct", 5, 84),
    "agentinstruct/agenttuning_db_sample_raw.json": ("agent_instruct", 5, 5),
    "agentinstruct/agenttuning_kg_sample_raw.json": ("agent_instruct", 5, 75),
    "agentinstruct/agenttuning_os_sample_raw.json": ("agent_instruct", 5, 19),
    "sharegpt/adp_sft_agenttuning_webshop.json": ("agent_instruct", 5, 22),
    "sharegpt/axolotl_conversation.json": ("sharegpt", 1, 6),
    "sharegpt/codeactinstruct_sample_raw.json": ("sharegpt", 5, 18),
    "sharegpt/eto_sample_raw.json": ("agent_instruct", 3, 12),
    "sharegpt/glaive_toolcall_en_demo.first150.json": ("sharegpt", 150, 505),
    "autogpt/responses_train.json": ("autogpt_benchmark", 109, 325),
    "autogpt/v0.2_activity.log": ("autogpt_log", 1, 2),
    "inspect/log__test_eval_log__log_formats.json": ("inspect", 1, 1),
    "inspect/log__test_eval_log__log_images.json": ("inspect", 1, 1),
    "inspect/log__test_eval_log__log_read_sample.json": ("inspect", 1, 1),
    "inspect/log__test_eval_log__log_streaming.eval": ("inspect", 4, 4),
    "inspect/log__test_eval_log__log_message_deduplication.eval": ("inspect", 1, 6),
    "langchain/langchain_dumps_lc_serialized.json": ("langchain", 1, 2),
    "langchain/langchain_messages_to_dict.json": ("langchain", 1, 2),
    "langchain/langchain_model_dump.json": ("langchain", 1, 2),
    "langchain/langgraph_state_history.json": ("langgraph", 1, 2),
    "letta/tests_composio_github_star_agent.af": ("letta", 1, 2),
    "letta/tests_max_messages.af": ("letta", 1, 10),
    "letta/tests_memgpt_agent_with_convo.af": ("letta", 1, 27),
    "letta/tests_test_agent.af": ("letta_agents", 1, 7),
    "math_shepherd/samples_math-shepherd.jsonl": ("math_shepherd", 7, 25),
    "metagpt/v0.7_team.json": ("metagpt", 1, 3),
    "prm800k/prm800k-phase1-train-example.json": ("prm800k", 3, 41),
    "prm800k/samples_prm800k.jsonl": ("prm800k", 6, 44),
    "prm800k/prm800k_readme_example_jsonc.json": ("prm800k", 1, 2),
    "prm800k/prmbench_subset.first60.jsonl": ("prm_bench", 60, 992),
    "math_shepherd/samples_math-aps-tree.jsonl": ("value_tree", 242, 624),
    "anthropic_messages/anthropic_managed_builtin_tools.jsonl": (
        "anthropic_sessions",
        1,
        2,
    ),
    "autogpt/v0.0_message-log-1.txt": ("transcript", 1, 18),
    "letta/letta_code_tool-calls_input.jsonl": ("letta_code", 1, 2),
    "swe_agent/demonstrations/str_replace_anthropic_demo.yaml": (
        "swe_agent_demo",
        1,
        4,
    ),
    "tau_bench/MockAirlineDomainEnv-few_shot.jsonl": ("tau_display", 19, 222),
    "inspect/docent_ctf.json": ("inspect", 2, 11),
    "voyager/ckpt/events/Craft_1_stone_axe_20240507_101943": ("voyager", 1, 1),
    "codex/agent_history_v1__codex_golden.jsonl": ("codex", 1, 2),
    "codex/agent_history_rejections__codex_with_escalation.jsonl": ("codex", 1, 7),
    "codex/agentsview_fc_args_1.jsonl": ("codex", 1, 1),
    "codex/letta_fixture_codex_tool-calls_input.jsonl": ("codex", 1, 4),
    "codex/polylogue_interleaved_stream.jsonl": ("codex", 1, 3),
    "codex/exec_json_stream-output-4.jsonl": ("codex_exec", 1, 2),
    "mini_swe_agent/nemo_gym_mini_swe_agent_2_rollouts.jsonl": (
        "openai_responses",
        5,
        62,
    ),
    "openai_responses/nemo_gym_blackjack_rollouts.jsonl": ("openai_responses", 5, 7),
    "openai_responses/nemo_gym_image_tools_rollouts.jsonl": ("openai_responses", 5, 5),
    "tau_bench/nemo_gym_tau2_rollouts.jsonl": ("openai_responses", 5, 30),
    "tau_bench/docent_sample_tb_airline.json": ("tau_bench", 1, 20),
    "verifiers/math-python--gpt-4.1-mini/dbaac595/results.jsonl": ("verifiers", 15, 44),
    "verifiers/mcp-env--gpt-4.1-mini/e7d60bf6/results.jsonl": ("verifiers", 3, 6),
    "verifiers/wordle--gpt-4.1-mini/9a56fe55/results.jsonl": ("verifiers", 15, 62),
    "verifiers/wordle--gpt-5-mini/019a631c/results.jsonl": ("verifiers", 15, 56),
}
REFUSED = {
    "autogpt/debug_run_auto-gpt_test_17.json": "statistic over AutoGPT runs",
    "langchain/langgraph_sqlite_checkpoint.db": "SQLite database",
    "metagpt/team_leader_exps.json": "pool of experiences",
    "voyager/ckpt/skill/skills.json": "Voyager's library of skills",
    "autogpt/sampled_logs.json": "a sample of single AutoGPT answers",
    f"{HARBOR}/result.json": "Harbor's result of a trial",
    f"{HARBOR}/config.json": "Harbor's configuration",
    "swe_agent/tests/all_preds.jsonl": "SWE-agent's predictions file",
    "codex/agent_history_telemetry__codex_history.jsonl": "history of prompts",
    f"{CLAUDE}/agent_history_telemetry__claude_history.jsonl": "history of prompts",
    "tau_bench/tau2_voice_results.json": "tau2's run settings",
    "tau_bench/tau2_voice_simulation.json": "audio ticks",
    "verifiers/wordle--gpt-4.1-mini/9a56fe55/metadata.json": "metadata of a verifiers",
    "verifiers/wordle--gpt-5-mini/019a631c/metadata.json": "metadata of a verifiers",
    "react/alfworld_base_env_results_trial_0.json": "Reflexion's result file",
    "react/alfworld_reflexion_env_results_trial_0.json": "Reflexion's result file",
}
PROMPTS_ONLY = "openai_chat/medagentbench_val.first4.jsonl"


@pytest.mark.parametrize("name", READ)
def test_a_real_file_comes_in(samples: Path, name: str):
    with (samples / name).open("rb") as stream:
        reading = open_file(stream)
        results = list(reading.episodes)
    assert all(isinstance(result, Episode) for result in results)
    steps = sum(len(episode.steps) for episode in results)
    assert (reading.format.name, len(results), steps) == READ[name]
    for episode in results:
        assert Episode.from_dict(episode.to_dict()) == episode


@pytest.mark.parametrize("name", REFUSED)
def test_a_real_file_without_a_run_is_named(samples: Path, name: str):
    with (samples / name).open("rb") as stream, pytest.raises(ScoringError) as refusal:
        open_file(stream)
    assert REFUSED[name] in str(refusal.value)


def test_no_file_is_unknown_or_broken(samples: Path):
    found = dict(bench.outcomes(samples))
    assert {one.verdict for one in found.values()} == {"read", "named", "refused"}
    refused = {name for name, one in found.items() if one.verdict == "refused"}
    assert all(".pkl" in name or name.endswith(".db") for name in refused)


def test_prompts_without_answers_are_refused_line_by_line(samples: Path):
    with (samples / PROMPTS_ONLY).open("rb") as stream:
        errors = list(open_file(stream).episodes)
    assert [error.line for error in errors] == [1, 2, 3, 4]
    assert all("without any answer" in error.detail for error in errors)
