"""Questions in, verified and cited answers out: the flow, the command line and the chat."""
