variable "project" {
  description = "The project that all of it is in, and that pays for it."
  type        = string
}

variable "region" {
  description = "The region, as europe-west4."
  type        = string
}

variable "name" {
  description = "The name of the cluster, its network and its registry."
  type        = string
  default     = "enmesh"
}

variable "operators" {
  description = "Networks, as 203.0.113.0/24, from which the API server may be asked. Nobody else reaches it."
  type        = list(string)

  validation {
    condition     = length(var.operators) > 0 && !contains(var.operators, "0.0.0.0/0")
    error_message = "Name your own networks; the whole world is none of them."
  }
}

variable "machine_type" {
  description = "The kind of machine."
  type        = string
  default     = "e2-standard-2"
}

variable "machines_per_zone" {
  description = "How many machines in each zone of the region."
  type        = number
  default     = 1
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the cluster."
  type        = bool
  default     = true
}
