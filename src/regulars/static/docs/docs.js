// The API's documentation page. Nothing is loaded from elsewhere, and no validator is asked.
const place = document.getElementById('documentation')
window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.description,
  deepLinking: true,
  docExpansion: 'list',
  persistAuthorization: false,
  validatorUrl: null,
  presets: [window.SwaggerUIBundle.presets.apis],
})
