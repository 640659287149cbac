from factory.models.train.history import held_out_loss, last_losses, loss_metrics, tokens_seen


def test_tokens_of_a_run_with_two_resumes():
    counts = [10, 20, 30, 5, 15, 4]
    assert tokens_seen([{"num_tokens": count} for count in counts] + [{"train_loss": 1.0}]) == 30 + 15 + 4


def test_loss_metrics():
    history = [{"loss": 3.0, "step": 1}, {"eval_loss": 9.0, "step": 1}, {"loss": 2.0, "step": 5}, {"train_loss": 2.5}]
    assert loss_metrics(history) == {"first": 3.0, "last": 2.0, "curve": [[1, 3.0], [5, 2.0]]}
    assert loss_metrics([]) == {}


def test_held_out_loss_is_that_of_the_saved_model():
    history = [{"eval_loss": loss, "step": step} for step, loss in ((0, 3.0), (2, 1.0), (4, 2.0))]
    curve = [[0, 3.0], [2, 1.0], [4, 2.0]]
    assert held_out_loss(history, 2.01, stops_early=False) == {"before": 3.0, "after": 2.01, "curve": curve}
    stopped = {"before": 3.0, "after": 1.02, "curve": curve, "best_step": 2}
    assert held_out_loss(history, 1.02, stops_early=True) == stopped


def test_with_early_stop_the_start_is_no_candidate():
    """Where no measurement is below the start's, the trainer keeps the best of those after it all the same."""
    history = [{"eval_loss": loss, "step": step} for step, loss in ((0, 1.0), (2, 2.0), (4, 3.0), (4, 2.0))]
    found = held_out_loss(history, 2.0, stops_early=True)
    assert (found["after"], found["best_step"]) == (2.0, 2)


def test_the_last_losses_are_those_of_the_kept_weights():
    history = [{"eval_ar_loss": 3.0}, {"eval_en_loss": 2.0, "eval_runtime": 1.0}, {"loss": 1.0}, {"eval_ar_loss": 1.0}]
    assert last_losses(history) == {"eval_ar_loss": 1.0, "eval_en_loss": 2.0}
