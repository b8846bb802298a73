"""The columns of the screening CSV, in order, and the kind of each (SPEC 9). Pure."""

COLUMNS = (
    "symbol exchange as_of forecast_session run_at close currency prediction "
    "confidence score rank predicted_close predicted_return predicted_return_low "
    "predicted_return_high probability_up prediction_source components "
    "lstm_direction lstm_confidence lstm_confidence_after_haircut lstm_weight "
    "trend_direction trend_confidence trend_weight "
    "technical_direction technical_confidence technical_weight "
    "finbert_direction finbert_confidence finbert_weight finbert_headlines "
    "event_status event_type event_date event_title event_source days_to_event "
    "sessions_to_event event_risk_score event_weight_haircut event_skip_trading "
    "event_warning sentiment_72h volatility_ratio volatility_spike hedge_beta "
    "hedge_r2 position_scale sma_20 sma_50 rsi macd macd_signal percent_b "
    "volatility_20d average_volume_20d model_status model_grade model_trained_at "
    "model_age_days model_skill model_directional_accuracy data_status "
    "data_sessions data_source median_turnover_20d traded_share_60d return_scale "
    "distribution_sessions event_time event_reaction event_past_reactions "
    "event_typical_move event_own_share previous_prediction reason"
).split()

TEXT_COLUMNS = frozenset(
    (
        "symbol exchange as_of forecast_session run_at currency prediction "
        "prediction_source components event_status event_type event_date event_title "
        "event_source event_warning model_status model_grade model_trained_at "
        "data_status data_source event_time event_reaction previous_prediction reason"
    ).split()
)
TRUTH_COLUMNS = frozenset({"event_skip_trading", "volatility_spike"})
"""Columns of `true` and `false`; columns of neither kind hold numbers."""

TRUTHS = {"true": True, "false": False}
"""The value of each text in a column of truths; an empty cell is "not known"."""
