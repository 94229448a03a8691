using Enmesh.Cli;

return await CommandLine.RunAsync(args).ConfigureAwait(false);
