output "registry" {
  description = "Where images are pushed to."
  value       = "${google_artifact_registry_repository.images.location}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "cluster" {
  description = "The cluster's name."
  value       = google_container_cluster.cluster.name
}

output "region" {
  description = "Where it is."
  value       = google_container_cluster.cluster.location
}

output "project" {
  description = "Whose it is."
  value       = var.project
}
