function i(t,e){return t.offline?e("state.offline"):t.detail?t.title?`${t.title}: ${t.detail}`:t.detail:t.title?t.title:t.status>=500?e("state.serverFault"):e("state.failed")}export{i as p};
