# A private cluster of GKE and a registry for images. Never applied by the tests of this repository, which look at its form alone: read it, and run
# `terraform plan`, before you apply it. It costs money from the moment it exists.

terraform {
  required_version = ">= 1.5"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.12"
    }
  }
}

locals {
  # Where the API servers are, apart from the machines.
  api_servers = "172.16.0.0/28"
}

provider "google" {
  project = var.project
  region  = var.region
}

resource "google_project_service" "needed" {
  for_each           = toset(["artifactregistry.googleapis.com", "compute.googleapis.com", "container.googleapis.com"])
  service            = each.value
  disable_on_destroy = false
}

resource "google_artifact_registry_repository" "images" {
  location      = var.region
  repository_id = var.name
  format        = "DOCKER"
  description   = "Images of Enmesh."
  # A tag means one image for ever, as the pinned manifests assume.
  docker_config {
    immutable_tags = true
  }
  depends_on = [google_project_service.needed]
}

# The machines' own account: to fetch images from this one registry, and to write logs and metrics. Not the default account, which may edit the project.
resource "google_service_account" "machines" {
  account_id   = "${var.name}-machines"
  display_name = "Machines of the cluster ${var.name}"
}

resource "google_project_iam_member" "machines" {
  for_each = toset(["roles/logging.logWriter", "roles/monitoring.metricWriter", "roles/stackdriver.resourceMetadata.writer"])
  project  = var.project
  role     = each.value
  member   = google_service_account.machines.member
}

resource "google_artifact_registry_repository_iam_member" "machines" {
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.machines.member
}

resource "google_compute_network" "cluster" {
  name                    = var.name
  auto_create_subnetworks = false
  depends_on              = [google_project_service.needed]
}

resource "google_compute_subnetwork" "cluster" {
  name                     = var.name
  network                  = google_compute_network.cluster.id
  region                   = var.region
  ip_cidr_range            = "10.10.0.0/20"
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = "10.20.0.0/16"
  }
  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = "10.30.0.0/20"
  }
}

# The API server asks webhooks on the machines, and GKE lets it in on 443 and 10250 alone: cert-manager's listens there, trust-manager's and that of the
# Prometheus operator do not, and whatever they look at could not be applied.
resource "google_compute_firewall" "webhooks" {
  name                    = "${var.name}-webhooks"
  network                 = google_compute_network.cluster.id
  direction               = "INGRESS"
  source_ranges           = [local.api_servers]
  target_service_accounts = [google_service_account.machines.email]
  allow {
    protocol = "tcp"
    ports    = ["6443", "8443"]
  }
}

# Machines have no addresses of their own; what they fetch from outside goes through here.
resource "google_compute_router" "out" {
  name    = var.name
  network = google_compute_network.cluster.id
  region  = var.region
}

resource "google_compute_router_nat" "out" {
  name                               = var.name
  router                             = google_compute_router.out.name
  region                             = var.region
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
}

resource "google_container_cluster" "cluster" {
  name     = var.name
  location = var.region

  network    = google_compute_network.cluster.id
  subnetwork = google_compute_subnetwork.cluster.id

  # The pool below is the only one.
  remove_default_node_pool = true
  initial_node_count       = 1
  node_config {
    service_account = google_service_account.machines.email
  }

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }

  # Applies NetworkPolicies.
  datapath_provider = "ADVANCED_DATAPATH"

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = false
    master_ipv4_cidr_block  = local.api_servers
  }
  master_authorized_networks_config {
    dynamic "cidr_blocks" {
      for_each = var.operators
      content {
        cidr_block = cidr_blocks.value
      }
    }
  }

  workload_identity_config {
    workload_pool = "${var.project}.svc.id.goog"
  }
  release_channel {
    channel = "REGULAR"
  }
  deletion_protection = var.deletion_protection
  depends_on          = [google_project_service.needed]
}

resource "google_container_node_pool" "machines" {
  name     = "machines"
  cluster  = google_container_cluster.cluster.id
  location = var.region
  # In each of the region's zones.
  node_count = var.machines_per_zone

  node_config {
    machine_type    = var.machine_type
    service_account = google_service_account.machines.email
    # The roles of the account are what limits it; narrower scopes would only hide which of them is missing.
    oauth_scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    # A pod that asks for the machine's identity gets its own.
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }
  }
  management {
    auto_repair  = true
    auto_upgrade = true
  }
  # One more at a time, as the nodes' own rolling update.
  upgrade_settings {
    max_surge       = 1
    max_unavailable = 0
  }
}
