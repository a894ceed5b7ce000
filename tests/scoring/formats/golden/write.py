"""Writes golden files with the real libraries, driven by a scripted model.

    python3.11 -m venv /elsewhere && /elsewhere/bin/pip install smolagents
    /elsewhere/bin/python tests/scoring/formats/golden/write.py smolagents

Each library goes into an environment of its own, outside the checkout. What it wrote
lies beside this file, and test_golden.py says what must come of it. All of them run the
same story: asked for the weather in Faro, the agent calls a tool and answers.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ASK = "What is the weather in Faro?"
ANSWER = "It is sunny in Faro."


def keep(name: str, value: Any) -> None:
    text = value if isinstance(value, str) else json.dumps(value, indent=1, default=str)
    (HERE / name).write_text(text.rstrip() + "\n")


def atif() -> None:
    from atif import trajectory

    call = {
        "tool_call_id": "c1",
        "function_name": "weather",
        "arguments": {"city": "Faro"},
    }
    child = {
        "schema_version": "ATIF-v1.7",
        "session_id": "s",
        "trajectory_id": "child",
        "agent": {"name": "scout", "version": "1"},
        "steps": [
            {"step_id": 1, "source": "user", "message": "Look outside."},
            {"step_id": 2, "source": "agent", "message": "Sun."},
        ],
    }
    result = {
        "source_call_id": "c1",
        "content": "sunny",
        "subagent_trajectory_ref": [{"trajectory_id": "child"}],
    }
    row = {
        "schema_version": "ATIF-v1.7",
        "session_id": "s",
        "trajectory_id": "t",
        "agent": {"name": "reporter", "version": "1", "model_name": "scripted"},
        "steps": [
            {"step_id": 1, "source": "user", "message": ASK},
            {
                "step_id": 2,
                "source": "agent",
                "message": "",
                "reasoning_content": "Ask the tool.",
                "tool_calls": [call],
                "observation": {"results": [result]},
                "metrics": {"prompt_tokens": 9, "completion_tokens": 3},
            },
            {"step_id": 3, "source": "agent", "message": ANSWER},
        ],
        "subagent_trajectories": [child],
    }
    written = trajectory.Trajectory.model_validate(row)
    keep("atif.json", written.model_dump(mode="json", exclude_none=True))


def smolagents() -> None:
    from smolagents import ToolCallingAgent, tool
    from smolagents.models import (
        ChatMessage,
        ChatMessageToolCall,
        ChatMessageToolCallFunction,
        MessageRole,
        Model,
        TokenUsage,
    )

    @tool
    def weather(city: str) -> str:
        """The weather of a city.

        Args:
            city: its name
        """
        return "sunny"

    class Scripted(Model):
        def __init__(self) -> None:
            super().__init__(model_id="scripted")
            self.turn = 0

        def generate(self, messages: Any, **more: Any) -> ChatMessage:
            self.turn += 1
            if self.turn == 1:
                return self.said("1. Ask the tool.\n2. Answer.")
            name, given = [
                ("weather", {"city": "Faro"}),
                ("final_answer", {"answer": ANSWER}),
            ][self.turn - 2]
            function = ChatMessageToolCallFunction(name=name, arguments=given)
            call = ChatMessageToolCall(
                id=f"c{self.turn}", type="function", function=function
            )
            return self.said(None, [call])

        def said(self, text: str | None, calls: Any = None) -> ChatMessage:
            usage = TokenUsage(input_tokens=9, output_tokens=3)
            return ChatMessage(
                MessageRole.ASSISTANT, content=text, tool_calls=calls, token_usage=usage
            )

    agent = ToolCallingAgent(
        [weather], Scripted(), planning_interval=5, verbosity_level=0
    )
    result = agent.run(ASK, return_full_result=True)
    plain = {"default": str, "indent": 1}
    keep(
        "smolagents_steps.json", json.dumps(agent.memory.get_succinct_steps(), **plain)
    )
    keep("smolagents_result.json", json.dumps(result.dict(), **plain))


def langchain() -> None:
    from langchain_core.load import dumps
    from langchain_core.messages import (
        AIMessage,
        HumanMessage,
        SystemMessage,
        ToolMessage,
        messages_to_dict,
    )

    call = {"name": "weather", "args": {"city": "Faro"}, "id": "c1"}
    usage = {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12}
    said = [
        SystemMessage("Be brief."),
        HumanMessage(ASK),
        AIMessage("", tool_calls=[call], usage_metadata=usage),
        ToolMessage("sunny", tool_call_id="c1"),
        AIMessage(ANSWER),
    ]
    keep("langchain_dumps.json", dumps(said, pretty=True))
    keep("langchain_dicts.json", messages_to_dict(said))
    keep("langchain_models.json", [message.model_dump() for message in said])


def langgraph() -> None:
    from langchain_core.load import dumps
    from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import END, START, MessagesState, StateGraph

    call = {"name": "weather", "args": {"city": "Faro"}, "id": "c1"}

    def think(state: Any) -> Any:
        asked = len(state["messages"]) == 1
        said = AIMessage("", tool_calls=[call]) if asked else AIMessage(ANSWER)
        return {"messages": [said]}

    def act(state: Any) -> Any:
        return {"messages": [ToolMessage("sunny", tool_call_id="c1")]}

    def onward(state: Any) -> str:
        return "act" if state["messages"][-1].tool_calls else END

    graph = StateGraph(MessagesState)
    graph.add_node("think", think)
    graph.add_node("act", act)
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", onward)
    graph.add_edge("act", "think")
    app = graph.compile(checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "t"}}
    app.invoke({"messages": [HumanMessage(ASK)]}, thread)
    states = [
        {
            "values": json.loads(dumps(state.values)),
            "next": list(state.next),
            "config": state.config,
            "metadata": state.metadata,
            "created_at": state.created_at,
            "parent_config": state.parent_config,
        }
        for state in app.get_state_history(thread)
    ]
    keep("langgraph.json", states)


def pydantic_ai() -> None:
    from pydantic_ai import Agent, ModelResponse, TextPart, ThinkingPart, ToolCallPart
    from pydantic_ai.models.function import FunctionModel

    def script(messages: Any, info: Any) -> ModelResponse:
        if len(messages) == 1:
            call = ToolCallPart("weather", {"city": "Faro"}, tool_call_id="c1")
            return ModelResponse([ThinkingPart("Ask the tool."), call])
        return ModelResponse([TextPart(ANSWER)])

    agent = Agent(FunctionModel(script), instructions="Be brief.")

    @agent.tool_plain
    def weather(city: str) -> str:
        return "sunny"

    keep("pydantic_ai.json", agent.run_sync(ASK).all_messages_json().decode())


def openai_agents() -> None:
    from agents import (
        Agent,
        Model,
        ModelResponse,
        RunConfig,
        Runner,
        Usage,
        function_tool,
    )
    from openai.types.responses import (
        ResponseFunctionToolCall,
        ResponseOutputMessage,
        ResponseOutputText,
    )

    class Scripted(Model):
        turn = 0

        async def get_response(self, *given: Any, **more: Any) -> ModelResponse:
            self.turn += 1
            text = ResponseOutputText(text=ANSWER, type="output_text", annotations=[])
            said: Any = ResponseOutputMessage(
                id="m1",
                content=[text],
                role="assistant",
                status="completed",
                type="message",
            )
            if self.turn == 1:
                said = ResponseFunctionToolCall(
                    call_id="c1",
                    name="weather",
                    arguments='{"city": "Faro"}',
                    type="function_call",
                )
            usage = Usage(requests=1, input_tokens=9, output_tokens=3, total_tokens=12)
            return ModelResponse([said], usage, None)

        def stream_response(self, *given: Any, **more: Any) -> Any:
            raise NotImplementedError

    @function_tool
    def weather(city: str) -> str:
        return "sunny"

    agent = Agent(
        "reporter", instructions="Be brief.", tools=[weather], model=Scripted()
    )
    quiet = RunConfig(tracing_disabled=True)
    result = Runner.run_sync(agent, ASK, run_config=quiet)
    keep("openai_items.json", result.to_input_list())
    keep("openai_run_state.json", result.to_state().to_json())


def autogen() -> None:
    from autogen_agentchat.agents import AssistantAgent
    from autogen_agentchat.conditions import MaxMessageTermination
    from autogen_agentchat.teams import RoundRobinGroupChat
    from autogen_core import FunctionCall
    from autogen_core.models import CreateResult, RequestUsage
    from autogen_ext.models.replay import ReplayChatCompletionClient

    def weather(city: str) -> str:
        """The weather of a city."""
        return "sunny"

    async def run() -> None:
        call = FunctionCall(id="c1", name="weather", arguments='{"city": "Faro"}')
        first = CreateResult(
            finish_reason="function_calls",
            content=[call],
            usage=RequestUsage(prompt_tokens=9, completion_tokens=3),
            cached=False,
            thought="Ask the tool.",
        )
        about: Any = {
            "vision": False,
            "function_calling": True,
            "json_output": False,
            "family": "unknown",
            "structured_output": False,
        }
        client = ReplayChatCompletionClient([first, ANSWER], model_info=about)
        agent = AssistantAgent(
            "reporter", client, tools=[weather], reflect_on_tool_use=True
        )
        team = RoundRobinGroupChat(
            [agent], termination_condition=MaxMessageTermination(2)
        )
        result = await team.run(task=ASK)
        keep("autogen.json", json.loads(result.model_dump_json()))
        keep("autogen_state.json", dict(await team.save_state()))

    asyncio.run(run())


def inspect() -> None:
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.log import read_eval_log, write_eval_log
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import includes
    from inspect_ai.solver import generate, use_tools
    from inspect_ai.tool import tool

    @tool
    def weather():  # type: ignore[no-untyped-def]
        async def execute(city: str) -> str:
            """The weather of a city.

            Args:
                city: its name
            """
            return "sunny"

        return execute

    call = ModelOutput.for_tool_call("mockllm/model", "weather", {"city": "Faro"})
    said = ModelOutput.from_content("mockllm/model", ANSWER)
    # without a usage it would fetch a tokenizer to count for itself
    call.usage = said.usage = ModelUsage(input_tokens=9, output_tokens=3)
    task = Task(
        [Sample(ASK, target="sunny", id="faro")],
        solver=[use_tools(weather()), generate()],
        scorer=includes(),
    )
    with tempfile.TemporaryDirectory() as folder:
        model = get_model("mockllm/model", custom_outputs=[call, said])
        [log] = eval(task, model, log_dir=folder, display="none")
        whole = read_eval_log(log.location)
        write_eval_log(whole, str(HERE / "inspect.json"), format="json")
        write_eval_log(whole, str(HERE / "inspect.eval"), format="eval")


def google_adk() -> None:
    from google.adk.agents import LlmAgent
    from google.adk.models import BaseLlm, LlmResponse
    from google.adk.runners import InMemoryRunner
    from google.genai import types

    def weather(city: str) -> dict[str, str]:
        """The weather of a city."""
        return {"sky": "sunny"}

    class Scripted(BaseLlm):
        turn: int = 0

        async def generate_content_async(
            self, request: Any, stream: bool = False
        ) -> Any:
            self.turn += 1
            part = types.Part(text=ANSWER)
            if self.turn == 1:
                part = types.Part.from_function_call(
                    name="weather", args={"city": "Faro"}
                )
            yield LlmResponse(content=types.Content(role="model", parts=[part]))

    async def run() -> None:
        agent = LlmAgent(
            name="reporter", model=Scripted(model="scripted"), tools=[weather]
        )
        runner = InMemoryRunner(agent, app_name="golden")
        place = {"app_name": "golden", "user_id": "u"}
        session = await runner.session_service.create_session(**place)
        asked = types.Content(role="user", parts=[types.Part(text=ASK)])
        runs = runner.run_async(user_id="u", session_id=session.id, new_message=asked)
        async for _ in runs:
            pass
        told = await runner.session_service.get_session(**place, session_id=session.id)
        keep("google_adk.json", told.model_dump_json(exclude_none=True, indent=1))

    asyncio.run(run())


def mini_swe_agent() -> None:
    from minisweagent.agents.default import DefaultAgent
    from minisweagent.environments.local import LocalEnvironment
    from minisweagent.models.test_models import DeterministicModel, make_output

    submit = f"echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && echo '{ANSWER}'"
    outputs = [
        make_output("Ask the shell.", [{"command": "echo sunny"}]),
        make_output("Done.", [{"command": submit}]),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.traj.json"
        agent = DefaultAgent(
            DeterministicModel(outputs=outputs),
            LocalEnvironment(),
            system_template="Be brief.",
            instance_template="{{task}}",
            output_path=path,
        )
        agent.run(ASK)
        # nothing of the machine that wrote it
        keep("mini_swe_agent.json", path.read_text().replace(folder, "out"))


LIBRARIES = {
    "atif": atif,
    "smolagents": smolagents,
    "langchain-core": langchain,
    "langgraph": langgraph,
    "pydantic-ai-slim": pydantic_ai,
    "openai-agents": openai_agents,
    "autogen-ext": autogen,
    "inspect-ai": inspect,
    "google-adk": google_adk,
    "mini-swe-agent": mini_swe_agent,
}

if __name__ == "__main__":
    for name in sys.argv[1:]:
        LIBRARIES[name]()
