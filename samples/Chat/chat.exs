# The other end of the chat, in Elixir. It takes part as Phoenix.PubSub's own adapter does, so that it needs no package; in an application of yours
# `{Phoenix.PubSub, name: Chat.PubSub}` is all of this, with `Phoenix.PubSub.subscribe/2` and `broadcast/3`.
defmodule Chat do
  @group Chat.PubSub.Adapter
  @topic "room:lobby"

  def start do
    {:ok, _} = :pg.start_link(Phoenix.PubSub)
    listener = spawn_link(&listen/0)
    Process.register(listener, @group)
    :ok = :pg.join(Phoenix.PubSub, @group, listener)
    connect()
    IO.puts("#{node()} is in the chat with #{inspect(Node.list())}; write something")
    talk()
  end

  defp connect do
    {:ok, names} = :erl_epmd.names(~c"127.0.0.1")
    for {name, _port} <- names, do: Node.connect(:"#{name}@127.0.0.1")
  end

  defp listen do
    receive do
      {:forward_to_local, @topic, {:said, who, what}, _dispatcher} -> IO.puts("#{who}: #{what}")
      _other -> :ok
    end

    listen()
  end

  defp talk do
    case IO.gets("") do
      line when is_binary(line) ->
        message = {:forward_to_local, @topic, {:said, to_string(node()), String.trim(line)}, Phoenix.PubSub}
        for pid <- :pg.get_members(Phoenix.PubSub, @group), do: send(pid, message)
        talk()

      _end ->
        :ok
    end
  end
end

Chat.start()
