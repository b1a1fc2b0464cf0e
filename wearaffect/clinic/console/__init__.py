"""The clinician's console: one sitting at a time in a browser; closing the page changes nothing."""
