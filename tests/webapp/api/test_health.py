"""What a load balancer asks."""

from django.test import Client


def test_a_web_process_that_answers_is_alive(client: Client) -> None:
    assert client.get("/healthz").json() == {"ok": True}


def test_it_is_not_ready_without_its_parts_and_says_which(
    db: None, client: Client
) -> None:
    response = client.get("/readyz")
    parts = response.json()
    assert response.status_code == 503
    assert parts["database"]["ok"] is True
    # whether other tests have started a broker by now depends on their order
    assert parts["broker"]["detail"]
    assert [parts[name]["ok"] for name in ("worker", "scorer")] == [False, False]
