namespace Enmesh.Hosting;
